// The layers command.
//
// Takes a closure graph, options for its paths and parent layers; packs the
// paths that no parent has, and writes the layers file.
package main

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
)

type layersInput struct {
	graph    []element
	parents  []layer
	rewrites []pathRewrite
	perms    []pathPerm
	history  history
}

func layersCommand(operands []string, options map[string]string) error {
	input, err := readLayersInput(operands[1:], options)
	if err != nil {
		return err
	}
	maxLayers := 1
	if text, given := options["max-layers"]; given {
		if maxLayers, err = strconv.Atoi(text); err != nil {
			return err
		}
	}
	sorted, err := sortedPaths(input.graph)
	if err != nil {
		return err
	}
	paths, err := input.remaining(sorted, options["ignore"])
	if err != nil {
		return err
	}
	layers := []layer{}
	for _, group := range split(paths, maxLayers) {
		packed, err := pack(group, options["tar-directory"])
		if err != nil {
			return err
		}
		packed.History = input.history
		layers = append(layers, packed)
	}
	return writeJSON(operands[0], layers)
}

func readLayersInput(files []string, options map[string]string) (input layersInput, err error) {
	read := func(file string, value any) {
		if err == nil && file != "" {
			err = readJSON(file, value)
		}
	}
	read(files[0], &input.graph)
	for _, file := range files[1:] {
		var parents []layer
		read(file, &parents)
		input.parents = append(input.parents, parents...)
	}
	read(options["rewrites"], &input.rewrites)
	read(options["perms"], &input.perms)
	read(options["history"], &input.history)
	return input, err
}

// remaining gives the paths that are to be packed, with their options.
func (input layersInput) remaining(sorted []string, ignored string) (paths []storePath, err error) {
	taken := func(p storePath) bool {
		for _, parent := range input.parents {
			for _, other := range parent.Paths {
				if reflect.DeepEqual(p, other) {
					return true
				}
			}
		}
		return false
	}
	packed := map[string]bool{}
	for _, path := range sorted {
		p := storePath{path, input.optionsOf(path)}
		if path != ignored && !taken(p) {
			paths = append(paths, p)
			packed[path] = true
		}
	}
	return paths, input.checkRules(packed)
}

// checkRules refuses bad rules of the paths that are packed; whether a bad rule
// that nobody needs is an error is not said.
func (input layersInput) checkRules(packed map[string]bool) (err error) {
	var unused error
	check := func(path string, rule pathOptions) {
		wrong := compile(rule)
		if wrong != nil && !packed[path] {
			unused = undefined("a bad rule that is not used: %v", wrong)
		} else if err == nil {
			err = wrong
		}
	}
	for _, r := range input.rewrites {
		check(r.Path, pathOptions{Rewrite: r.rewrite})
	}
	for _, p := range input.perms {
		check(p.Path, pathOptions{Perms: []perm{p.perm}})
	}
	if err == nil {
		err = unused
	}
	return err
}

func (input layersInput) optionsOf(path string) *pathOptions {
	var options pathOptions
	found := false
	for _, r := range input.rewrites {
		if r.Path == path {
			options.Rewrite, found = r.rewrite, true
		}
	}
	for _, p := range input.perms {
		if p.Path == path {
			options.Perms, found = append(options.Perms, p.perm), true
		}
	}
	if !found {
		return nil
	}
	return &options
}

// compile refuses a bad rule whether a file asks for it or not.
func compile(options pathOptions) error {
	for _, p := range options.Perms {
		if _, err := regexp.Compile(p.Regex); err != nil {
			return err
		}
		if p.Mode == "" {
			continue
		}
		if _, err := parseMode(p.Mode); err != nil {
			return err
		}
	}
	_, err := regexp.Compile(options.Rewrite.Regex)
	return err
}

func split(paths []storePath, maxLayers int) (groups [][]storePath) {
	for i := range paths {
		if maxLayers > 0 && i == maxLayers-1 {
			return append(groups, paths[i:])
		}
		groups = append(groups, paths[i:i+1])
	}
	return groups
}

func pack(paths []storePath, directory string) (packed layer, err error) {
	root := &tree{}
	for _, p := range paths {
		if err := root.addPath(p); err != nil {
			return packed, err
		}
	}
	sum := sha256.New()
	count := new(counter)
	sinks := []io.Writer{sum, count}
	var kept *os.File
	if directory != "" {
		if kept, err = os.CreateTemp(directory, "kept"); err != nil {
			return packed, err
		}
		defer kept.Close()
		sinks = append(sinks, kept)
	}
	w := tar.NewWriter(io.MultiWriter(sinks...))
	if err := root.writeChildren(w, ""); err != nil {
		return packed, err
	}
	if err := w.Close(); err != nil {
		return packed, err
	}
	digits := hex.EncodeToString(sum.Sum(nil))
	packed = layer{Digest: "sha256:" + digits, DiffID: "sha256:" + digits, Size: int64(*count), Paths: paths, MediaType: ociTar}
	if kept != nil {
		packed.LayerPath = filepath.Join(directory, digits+".tar")
		err = os.Rename(kept.Name(), packed.LayerPath)
	}
	return packed, err
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

func digest(content []byte) string {
	return fmt.Sprintf("sha256:%x", sha256.Sum256(content))
}
