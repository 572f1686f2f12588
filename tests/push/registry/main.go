// A registry that is not docker-registry: go-containerregistry's, in memory.
// It takes blobs of any repository, declines mounts, and gives relative
// locations. On request it refuses blobs with PUT, or with PATCH, or fails at
// mounts, or limits how often it is asked. Every request is a line on the
// standard output.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "the address")
	refuse := flag.String("refuse", "", "the method that takes no blob: PUT or PATCH; or MOUNT, to fail at mounts")
	pace := flag.Int64("pace", 0, "how many requests a second are answered; the others get 429")
	flag.Parse()
	var second, asked atomic.Int64
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	log.Fatal(http.ListenAndServe(*listen, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Method, r.URL)
		if now := time.Now().Unix(); second.Swap(now) != now {
			asked.Store(0)
		}
		if *pace > 0 && asked.Add(1) > *pace {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		if *refuse == "MOUNT" && r.URL.Query().Has("mount") {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		if r.Method == *refuse && r.ContentLength > 0 && strings.Contains(r.URL.Path, "/blobs/uploads/") {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		handler.ServeHTTP(w, r)
	})))
}
