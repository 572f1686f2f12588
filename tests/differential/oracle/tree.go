// The file tree of a layer.
//
// Takes store paths with their options, walks them and gives a tree of names
// as the image has them, each with the source file that it comes from. Where
// the facts do not say what a name means, the answer is errUndefined.
package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
)

type source struct {
	path  string
	info  fs.FileInfo
	perms []perm
}

// tree is a directory or a file; one without source is a created parent.
type tree struct {
	source   *source
	children map[string]*tree
}

func (t *tree) child(name string) *tree {
	if t.children == nil {
		t.children = map[string]*tree{}
	}
	if t.children[name] == nil {
		t.children[name] = &tree{}
	}
	return t.children[name]
}

// components of a name in the image; the root of an absolute one is "/".
func components(name string) ([]string, error) {
	if name == "/" {
		return []string{"/"}, nil
	}
	parts := strings.Split(name, "/")
	for i, part := range parts {
		if i == 0 && part == "" {
			parts[0] = "/"
		} else if part == "" || part == "." || part == ".." {
			return nil, undefined("the name %q", name)
		}
	}
	return parts, nil
}

func (t *tree) add(name string, s *source) error {
	parts, err := components(name)
	if err != nil {
		return err
	}
	at := t
	for i, part := range parts {
		at = at.child(part)
		if i < len(parts)-1 && at.source != nil && !at.source.info.IsDir() {
			return undefined("%q has a file as parent", name)
		}
	}
	if at.source != nil && !agree(at.source, s) {
		return fmt.Errorf("conflicting files for %s: %s and %s", name, at.source.path, s.path)
	}
	if !s.info.IsDir() && (at.children != nil || name == "/") {
		return undefined("%q is no directory", name)
	}
	at.source = s
	return nil
}

// agree tells whether two sources may stand for one name.
func agree(a, b *source) bool {
	return a.info.Mode() == b.info.Mode() &&
		(!a.info.Mode().IsRegular() || a.info.Size() == b.info.Size()) &&
		len(a.perms) == len(b.perms) &&
		(len(a.perms) == 0 || reflect.DeepEqual(a.perms, b.perms))
}

func (t *tree) addPath(p storePath) error {
	var options pathOptions
	if p.Options != nil {
		options = *p.Options
	}
	if options.Rewrite.Regex == "" && options.Rewrite.Repl != "" {
		return undefined("an empty regex with a replacement")
	}
	regex, err := regexp.Compile(options.Rewrite.Regex)
	if err != nil {
		return err
	}
	return filepath.Walk(p.Path, func(file string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		if info.Mode()&fs.ModeSocket != 0 {
			return fmt.Errorf("%s is a socket", file)
		}
		name := regex.ReplaceAllString(file, options.Rewrite.Repl)
		if name == "" {
			return nil
		}
		return t.add(name, &source{file, info, options.Perms})
	})
}
