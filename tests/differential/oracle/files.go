// The JSON files as Go structs: field order, names and omissions are those of
// the formats, so that encoding/json gives the bytes that are expected.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

const (
	ociTar     = "application/vnd.oci.image.layer.v1.tar"
	ociTarGzip = ociTar + "+gzip"
	ociTarZstd = ociTar + "+zstd"
	dockerTar  = "application/vnd.docker.image.rootfs.diff.tar"
)

type element struct {
	Path       string   `json:"path"`
	References []string `json:"references"`
}

type rewrite struct {
	Regex string `json:"regex"`
	Repl  string `json:"repl"`
}

type pathRewrite struct {
	Path string `json:"path"`
	rewrite
}

type perm struct {
	Regex string `json:"regex"`
	Mode  string `json:"mode"`
	UID   int    `json:"uid"`
	GID   int    `json:"gid"`
	Uname string `json:"uname"`
	Gname string `json:"gname"`
}

type pathPerm struct {
	Path string `json:"path"`
	perm
}

type pathOptions struct {
	Rewrite rewrite `json:"rewrite"`
	Perms   []perm  `json:"perms,omitempty"`
}

type storePath struct {
	Path    string       `json:"path"`
	Options *pathOptions `json:"options,omitempty"`
}

type history struct {
	Created    *time.Time `json:"created,omitempty"`
	CreatedBy  string     `json:"created_by,omitempty"`
	Author     string     `json:"author,omitempty"`
	Comment    string     `json:"comment,omitempty"`
	EmptyLayer bool       `json:"empty_layer,omitempty"`
}

type layer struct {
	Digest    string      `json:"digest"`
	Size      int64       `json:"size"`
	DiffID    string      `json:"diff_ids"`
	Paths     []storePath `json:"paths,omitempty"`
	MediaType string      `json:"mediatype"`
	LayerPath string      `json:"layer-path,omitempty"`
	History   history     `json:"History"`
}

type imageConfig struct {
	User         string              `json:"User,omitempty"`
	ExposedPorts map[string]struct{} `json:"ExposedPorts,omitempty"`
	Env          []string            `json:"Env,omitempty"`
	Entrypoint   []string            `json:"Entrypoint,omitempty"`
	Cmd          []string            `json:"Cmd,omitempty"`
	Volumes      map[string]struct{} `json:"Volumes,omitempty"`
	WorkingDir   string              `json:"WorkingDir,omitempty"`
	Labels       map[string]string   `json:"Labels,omitempty"`
	StopSignal   string              `json:"StopSignal,omitempty"`
}

type image struct {
	Version int         `json:"version"`
	Config  imageConfig `json:"image-config"`
	Layers  []layer     `json:"layers"`
	Arch    string      `json:"arch"`
	Created *time.Time  `json:"created"`
}

func readJSON(file string, value any) error {
	content, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(content, value)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// writeJSON writes the indented form of the files; no newline at the end.
func writeJSON(file string, value any) error {
	content, err := json.MarshalIndent(value, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, content, 0o644)
}

// compact is the form of config and manifest.
func compact(value any) ([]byte, error) {
	content, err := json.Marshal(value)
	return bytes.TrimSpace(content), err
}
