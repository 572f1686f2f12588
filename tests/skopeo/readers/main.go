// Reads compressed files with the readers that container engines have, and
// prints the digest of what each of them reads.
//
//	readers FILE.gz|FILE.zst …
package main

import (
	stdgzip "compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/klauspost/pgzip"
)

func main() {
	for _, name := range os.Args[1:] {
		if err := check(name); err != nil {
			fmt.Fprintf(os.Stderr, "error: %s: %v\n", name, err)
			os.Exit(1)
		}
	}
}

func check(name string) error {
	readers := map[string]func(io.Reader) (io.Reader, error){
		"compress/gzip":           func(r io.Reader) (io.Reader, error) { return stdgzip.NewReader(r) },
		"klauspost/compress/gzip": func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		"klauspost/pgzip":         func(r io.Reader) (io.Reader, error) { return pgzip.NewReader(r) },
	}
	if strings.HasSuffix(name, ".zst") {
		readers = map[string]func(io.Reader) (io.Reader, error){
			"klauspost/compress/zstd": func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r) },
		}
	}
	for reader, open := range readers {
		digest, err := digestBy(name, open)
		if err != nil {
			return fmt.Errorf("%s: %w", reader, err)
		}
		fmt.Printf("%x %s\n", digest, reader)
	}
	return nil
}

func digestBy(name string, open func(io.Reader) (io.Reader, error)) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	reader, err := open(file)
	if err != nil {
		return nil, err
	}
	hash := sha256.New()
	_, err = io.Copy(hash, reader)
	return hash.Sum(nil), err
}
