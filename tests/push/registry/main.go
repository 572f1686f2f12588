// A registry that is not docker-registry: go-containerregistry's, in memory.
// It takes blobs of any repository, declines mounts, and gives relative
// locations. On request it refuses blobs with PUT, or with PATCH, or fails at
// mounts. Every request is a line on the standard output.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "the address")
	refuse := flag.String("refuse", "", "the method that takes no blob: PUT or PATCH; or MOUNT, to fail at mounts")
	flag.Parse()
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	log.Fatal(http.ListenAndServe(*listen, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Method, r.URL)
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
