// The image commands, and the blobs of an image: config and manifest.
//
// Takes the config and layers of an image, or a base image that was pulled,
// and writes the image file; from an image file, prints a blob.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

type descriptor struct {
	MediaType string `json:"mediaType"`
	Digest    string `json:"digest"`
	Size      int64  `json:"size"`
}

type rootFS struct {
	Type    string   `json:"type"`
	DiffIDs []string `json:"diff_ids"`
}

type configBlob struct {
	Created *time.Time  `json:"created,omitempty"`
	Author  string      `json:"author,omitempty"`
	Arch    string      `json:"architecture"`
	OS      string      `json:"os"`
	Config  imageConfig `json:"config"`
	RootFS  rootFS      `json:"rootfs"`
	History []history   `json:"history,omitempty"`
}

type manifestBlob struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	Config        descriptor   `json:"config"`
	Layers        []descriptor `json:"layers"`
}

type blobs struct{ config, manifest []byte }

func imageCommand(operands []string, options map[string]string) error {
	result := image{Version: 1, Layers: []layer{}, Arch: runtime.GOARCH}
	if err := readJSON(operands[1], &result.Config); err != nil {
		return err
	}
	if arch := options["arch"]; arch != "" {
		result.Arch = arch
	}
	var err error
	if result.Created, err = parseCreated(options["created"]); err != nil {
		return err
	}
	var lists [][]layer
	if base := options["from-image"]; base != "" {
		var from image
		if err := readJSON(base, &from); err != nil {
			return err
		}
		lists = append(lists, from.Layers)
	}
	for _, file := range operands[2:] {
		var layers []layer
		if err := readJSON(file, &layers); err != nil {
			return err
		}
		lists = append(lists, layers)
	}
	seen := map[string]bool{}
	for _, list := range lists {
		for _, l := range list {
			if !seen[l.Digest] {
				seen[l.Digest] = true
				result.Layers = append(result.Layers, l)
			}
		}
	}
	return writeJSON(operands[0], result)
}

func parseCreated(text string) (*time.Time, error) {
	if text == "" {
		text = "0001-01-01T00:00:00Z"
	}
	var strict time.Time
	strictErr := strict.UnmarshalJSON([]byte(`"` + text + `"`))
	created, err := time.Parse(time.RFC3339, text)
	if (err == nil) != (strictErr == nil) {
		return nil, undefined("the time %q", text)
	}
	return &created, err
}

func imageFromDir(out, directory string) error {
	return fromManifest(out, filepath.Join(directory, "manifest.json"), func(digits string) (string, error) {
		return filepath.Join(directory, digits), nil
	})
}

func imageFromManifest(out, manifest, blobMap string) error {
	files := map[string]string{}
	if err := readJSON(blobMap, &files); err != nil {
		return err
	}
	return fromManifest(out, manifest, func(digits string) (string, error) {
		if files[digits] == "" {
			return "", fmt.Errorf("no file for the blob %s", digits)
		}
		return files[digits], nil
	})
}

func fromManifest(out, manifestFile string, fileOf func(digits string) (string, error)) error {
	var manifest manifestBlob
	if err := readJSON(manifestFile, &manifest); err != nil {
		return err
	}
	configFile, err := fileOf(strings.TrimPrefix(manifest.Config.Digest, "sha256:"))
	if err != nil {
		return err
	}
	var config configBlob
	if err := readJSON(configFile, &config); err != nil {
		return err
	}
	if len(config.RootFS.DiffIDs) != len(manifest.Layers) {
		return fmt.Errorf("%s: %d diff IDs for %d layers", configFile, len(config.RootFS.DiffIDs), len(manifest.Layers))
	}
	result := image{Version: 1, Layers: []layer{}, Arch: config.Arch, Created: config.Created}
	for i, described := range manifest.Layers {
		file, err := fileOf(strings.TrimPrefix(described.Digest, "sha256:"))
		if err != nil {
			return err
		}
		l, err := baseLayer(described, config.RootFS.DiffIDs[i], file)
		if err != nil {
			return err
		}
		result.Layers = append(result.Layers, l)
	}
	return writeJSON(out, result)
}

func baseLayer(described descriptor, diffID, file string) (layer, error) {
	kept := map[string]string{dockerTar: ociTar, dockerTar + ".gzip": ociTarGzip,
		ociTar: ociTar, ociTarGzip: ociTarGzip, ociTarZstd: ociTarZstd}
	mediaType := kept[described.MediaType]
	if mediaType == "" {
		return layer{}, fmt.Errorf("the media type %q", described.MediaType)
	}
	info, err := os.Stat(file)
	if err != nil {
		return layer{}, err
	}
	return layer{Digest: described.Digest, Size: info.Size(), DiffID: diffID, MediaType: mediaType, LayerPath: file}, nil
}

func blobsOf(file string) (result blobs, err error) {
	var from image
	if err := readJSON(file, &from); err != nil {
		return result, err
	}
	config := configBlob{Created: from.Created, Arch: from.Arch, OS: "linux", Config: from.Config,
		RootFS: rootFS{"layers", []string{}}, History: []history{}}
	manifest := manifestBlob{SchemaVersion: 2, MediaType: "application/vnd.oci.image.manifest.v1+json", Layers: []descriptor{}}
	for _, l := range from.Layers {
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, l.DiffID)
		config.History = append(config.History, l.History)
		manifest.Layers = append(manifest.Layers, descriptor{l.MediaType, l.Digest, l.Size})
	}
	if result.config, err = compact(config); err != nil {
		return result, err
	}
	manifest.Config = descriptor{"application/vnd.oci.image.config.v1+json", digest(result.config), int64(len(result.config))}
	result.manifest, err = compact(manifest)
	return result, err
}

func printBlob(file string, choose func(blobs) []byte) error {
	result, err := blobsOf(file)
	if err == nil {
		_, err = os.Stdout.Write(choose(result))
	}
	return err
}
