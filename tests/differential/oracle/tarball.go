// The tarball of a layer.
//
// Takes a file tree and writes its entries through Go's archive/tar, leaving
// the format of the headers open.
package main

import (
	"archive/tar"
	"fmt"
	"io"
	"os"
	"regexp"
	"sort"
	"strconv"
	"time"
)

// printTarball walks and packs a whole closure and hashes nothing; it is there
// to be measured.
func printTarball(graph string) error {
	var elements []element
	if err := readJSON(graph, &elements); err != nil {
		return err
	}
	paths, err := sortedPaths(elements)
	if err != nil {
		return err
	}
	root := &tree{}
	for _, path := range paths {
		if err := root.addPath(storePath{Path: path}); err != nil {
			return err
		}
	}
	w := tar.NewWriter(os.Stdout)
	if err := root.writeChildren(w, ""); err != nil {
		return err
	}
	return w.Close()
}

func (t *tree) write(w *tar.Writer, name string) error {
	if err := writeEntry(w, name, t.source); err != nil {
		return err
	}
	if name != "/" {
		name += "/"
	}
	return t.writeChildren(w, name)
}

func (t *tree) writeChildren(w *tar.Writer, prefix string) error {
	names := make([]string, 0, len(t.children))
	for name := range t.children {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if err := t.children[name].write(w, prefix+name); err != nil {
			return err
		}
	}
	return nil
}

func writeEntry(w *tar.Writer, name string, s *source) error {
	if s == nil {
		return w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o755,
			ModTime: time.Unix(1, 0), Uname: "root", Gname: "root"})
	}
	header, err := headerOf(name, s)
	if err != nil {
		return err
	}
	if err := w.WriteHeader(header); err != nil {
		return fmt.Errorf("%s: %w", s.path, err)
	}
	if !s.info.Mode().IsRegular() {
		return nil
	}
	file, err := os.Open(s.path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(w, file)
	return err
}

func headerOf(name string, s *source) (*tar.Header, error) {
	target := ""
	if s.info.Mode()&os.ModeSymlink != 0 {
		var err error
		if target, err = os.Readlink(s.path); err != nil {
			return nil, err
		}
	}
	header, err := tar.FileInfoHeader(s.info, target)
	if err != nil {
		return nil, err
	}
	header.Name, header.ModTime = name, time.Unix(1, 0)
	header.Uid, header.Gid, header.Uname, header.Gname = 0, 0, "root", "root"
	if target != "" {
		header.Mode = 0o777
	}
	for _, p := range s.perms {
		if err := applyPerm(header, p, s.path); err != nil {
			return nil, err
		}
	}
	return header, nil
}

func applyPerm(header *tar.Header, p perm, source string) error {
	regex, err := regexp.Compile(p.Regex)
	if err != nil {
		return err
	}
	if !regex.MatchString(source) {
		return nil
	}
	header.Uid, header.Gid = p.UID, p.GID
	if p.Uname != "" {
		header.Uname = p.Uname
	}
	if p.Gname != "" {
		header.Gname = p.Gname
	}
	if p.Mode != "" {
		header.Mode, err = parseMode(p.Mode)
	}
	return err
}

func parseMode(text string) (int64, error) {
	mode, err := strconv.ParseUint(text, 8, 32)
	if err != nil {
		return 0, fmt.Errorf("the mode %q is not octal", text)
	}
	if mode > 0o7777 {
		return 0, undefined("the mode %q has more than permission bits", text)
	}
	return int64(mode), nil
}
