// The transport "nix:" of skopeo, for images that nix2container describes.
//
// It takes the path of the JSON file of an image, or of an index of several, and
// gives the manifests, the configs and the layers. All of them come from the
// nix2container program: nothing about tarballs is known here. A blob is the
// program's standard output while it runs, so no more is packed than is read,
// and a blob whose program fails is a failed read with the program's own
// message, never a short blob.
//
// The file belongs into skopeo's package cmd/skopeo and needs no change in
// vendor/ or go.mod. Where skopeo vendors containers/image under its older
// name, the import path is replaced before the build.

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/docker/reference"
	"go.podman.io/image/v5/image"
	"go.podman.io/image/v5/manifest"
	"go.podman.io/image/v5/transports"
	"go.podman.io/image/v5/types"
)

// nix2containerBinary is the program that makes the blobs. The build replaces
// it with a path in the store; NIX2CONTAINER_BINARY overrides it.
var nix2containerBinary = "nix2container"

func init() {
	transports.Register(nixTransport{})
}

type nixTransport struct{}

func (nixTransport) Name() string { return "nix" }

func (nixTransport) ParseReference(path string) (types.ImageReference, error) {
	if path == "" {
		return nil, errors.New("the nix: transport needs the path of an image's JSON file")
	}
	return nixReference{path}, nil
}

func (nixTransport) ValidatePolicyConfigurationScope(string) error {
	return errors.New("the nix: transport has no scopes in a policy but the default one")
}

// nixReference is the path of an image's JSON file.
type nixReference struct {
	path string
}

func (nixReference) Transport() types.ImageTransport { return nixTransport{} }

func (r nixReference) StringWithinTransport() string { return r.path }

func (nixReference) DockerReference() reference.Named { return nil }

func (nixReference) PolicyConfigurationIdentity() string { return "" }

func (nixReference) PolicyConfigurationNamespaces() []string { return nil }

func (r nixReference) NewImage(ctx context.Context, sys *types.SystemContext) (types.ImageCloser, error) {
	source, err := r.NewImageSource(ctx, sys)
	if err != nil {
		return nil, err
	}
	return image.FromSource(ctx, sys, source)
}

func (r nixReference) NewImageSource(context.Context, *types.SystemContext) (types.ImageSource, error) {
	return nixSource{r}, nil
}

func (nixReference) NewImageDestination(context.Context, *types.SystemContext) (types.ImageDestination, error) {
	return nil, errors.New("the nix: transport can only be copied from")
}

func (nixReference) DeleteImage(context.Context, *types.SystemContext) error {
	return errors.New("the nix: transport cannot delete images; nix-store --delete can")
}

// nixSource gives the parts of an image. It holds nothing open, so blobs can
// be asked for from several threads.
type nixSource struct {
	reference nixReference
}

func (s nixSource) Reference() types.ImageReference { return s.reference }

func (nixSource) Close() error { return nil }

func (nixSource) HasThreadSafeGetBlob() bool { return true }

func (nixSource) GetSignatures(context.Context, *digest.Digest) ([][]byte, error) {
	return nil, nil
}

func (nixSource) LayerInfosForCopy(context.Context, *digest.Digest) ([]types.BlobInfo, error) {
	return nil, nil
}

func (s nixSource) GetManifest(ctx context.Context, instance *digest.Digest) ([]byte, string, error) {
	arguments := []string{"manifest", s.reference.path}
	if instance != nil {
		arguments = append(arguments, instance.String())
	}
	output, err := startProgram(ctx, arguments...)
	if err != nil {
		return nil, "", err
	}
	defer output.Close()
	text, err := io.ReadAll(output)
	if err != nil {
		return nil, "", err
	}
	return text, manifest.GuessMIMEType(text), nil
}

// GetBlob streams a layer or the config. The size is left open, for the
// stream alone knows whether all of it came.
func (s nixSource) GetBlob(ctx context.Context, info types.BlobInfo, _ types.BlobInfoCache) (io.ReadCloser, int64, error) {
	output, err := startProgram(ctx, "blob", s.reference.path, info.Digest.String())
	if err != nil {
		return nil, 0, err
	}
	return output, -1, nil
}

// programOutput is the standard output of a running program. Read and Close may
// be called from two threads: a copy that gives up closes the blob while its
// compression may still be reading.
type programOutput struct {
	command *exec.Cmd
	stdout  io.Reader
	message *bytes.Buffer
	// ended tells that all of the output was read, and the program succeeded.
	ended   bool
	waiting sync.Once
	outcome error
}

// startProgram runs nix2container; cancelling the context kills it.
func startProgram(ctx context.Context, arguments ...string) (*programOutput, error) {
	program := nix2containerBinary
	if override := os.Getenv("NIX2CONTAINER_BINARY"); override != "" {
		program = override
	}
	command := exec.CommandContext(ctx, program, arguments...)
	message := &bytes.Buffer{}
	command.Stderr = message
	stdout, err := command.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("cannot run %s: %w", program, err)
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("cannot run %s: %w", program, err)
	}
	return &programOutput{command: command, stdout: stdout, message: message}, nil
}

// Read ends with io.EOF only when the program succeeded.
func (p *programOutput) Read(buffer []byte) (int, error) {
	if p.ended {
		return 0, io.EOF
	}
	n, err := p.stdout.Read(buffer)
	if err == nil {
		return n, nil
	}
	if failure := p.wait(); failure != nil {
		return n, failure
	}
	p.ended = err == io.EOF
	return n, err
}

// Close stops the program if it still runs, and is not done before it is gone.
func (p *programOutput) Close() error {
	p.command.Process.Kill()
	p.wait()
	return nil
}

// wait ends the program's run and turns a failure into its own message.
func (p *programOutput) wait() error {
	p.waiting.Do(func() {
		err := p.command.Wait()
		if err == nil {
			return
		}
		text := strings.TrimPrefix(strings.TrimSpace(p.message.String()), "error: ")
		if text == "" {
			text = err.Error()
		}
		p.outcome = fmt.Errorf("nix2container %s: %s", p.command.Args[1], text)
	})
	return p.outcome
}
