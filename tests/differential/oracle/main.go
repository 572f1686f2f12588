// Oracle: a second implementation of nix2container's commands, to compare with.
//
// It takes the same arguments as the binary and writes the same files, but is
// made from the written facts alone and stands on Go's own archive/tar, regexp,
// encoding/json and time, whose bytes and semantics the port has to meet.
// Exit status: 0 done, 1 the input is refused, 3 the facts do not say what the
// answer is (the caller then compares nothing).
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// errUndefined marks inputs on which the facts are silent.
var errUndefined = errors.New("the facts do not define this")

func undefined(format string, a ...any) error {
	return fmt.Errorf("%w: %s", errUndefined, fmt.Sprintf(format, a...))
}

// arguments splits a command line into operands and options, in any order.
func arguments(words []string) (operands []string, options map[string]string, err error) {
	options = map[string]string{}
	for i := 0; i < len(words); i++ {
		name, isOption := strings.CutPrefix(words[i], "--")
		if !isOption {
			operands = append(operands, words[i])
			continue
		}
		if i++; i == len(words) {
			return nil, nil, fmt.Errorf("option %s has no value", name)
		}
		options[name] = words[i]
	}
	return operands, options, nil
}

func run(command string, operands []string, options map[string]string) error {
	least := map[string]int{"layers": 2, "image": 2, "image-from-dir": 2, "image-from-manifest": 3, "config": 1, "manifest": 1, "tarball": 1}
	if need, known := least[command]; !known || len(operands) < need {
		return fmt.Errorf("usage: oracle layers|image|image-from-dir|image-from-manifest|config|manifest|tarball ARGUMENTS")
	}
	switch command {
	case "layers":
		return layersCommand(operands, options)
	case "image":
		return imageCommand(operands, options)
	case "image-from-dir":
		return imageFromDir(operands[0], operands[1])
	case "image-from-manifest":
		return imageFromManifest(operands[0], operands[1], operands[2])
	case "tarball":
		return printTarball(operands[0])
	case "config":
		return printBlob(operands[0], func(b blobs) []byte { return b.config })
	default:
		return printBlob(operands[0], func(b blobs) []byte { return b.manifest })
	}
}

func main() {
	if len(os.Args) < 2 {
		os.Args = append(os.Args, "")
	}
	operands, options, err := arguments(os.Args[2:])
	if err == nil {
		err = run(os.Args[1], operands, options)
	}
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "oracle:", err)
	if errors.Is(err, errUndefined) {
		os.Exit(3)
	}
	os.Exit(1)
}
