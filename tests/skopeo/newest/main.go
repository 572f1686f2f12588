// A program over the newest containers/image, with our transport linked in:
// it copies one image, as skopeo does.
//
//	newest SOURCE DESTINATION
package main

import (
	"context"
	"fmt"
	"os"

	"go.podman.io/image/v5/copy"
	"go.podman.io/image/v5/signature"
	"go.podman.io/image/v5/transports/alltransports"
	"go.podman.io/image/v5/types"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) != 2 {
		return fmt.Errorf("usage: newest SOURCE DESTINATION")
	}
	source, err := alltransports.ParseImageName(arguments[0])
	if err != nil {
		return err
	}
	destination, err := alltransports.ParseImageName(arguments[1])
	if err != nil {
		return err
	}
	policy := &signature.Policy{Default: []signature.PolicyRequirement{signature.NewPRInsecureAcceptAnything()}}
	verdict, err := signature.NewPolicyContext(policy)
	if err != nil {
		return err
	}
	defer verdict.Destroy()
	_, err = copy.Image(context.Background(), verdict, destination, source, &copy.Options{
		ReportWriter:   os.Stdout,
		DestinationCtx: &types.SystemContext{DockerInsecureSkipTLSVerify: types.OptionalBoolTrue},
	})
	return err
}
