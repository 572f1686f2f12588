// The closure graph, and the order of its paths.
//
// Takes the elements of a graph and gives the paths by descending popularity,
// exact however many ways there are; ties by descending first appearance.
package main

import (
	"fmt"
	"math/big"
	"sort"
)

type node struct {
	path       string
	appearance int
	references map[string]bool
	score      *big.Int
}

func readClosure(elements []element) map[string]*node {
	nodes := map[string]*node{}
	meet := func(path string) *node {
		if nodes[path] == nil {
			nodes[path] = &node{path, len(nodes), map[string]bool{}, big.NewInt(1)}
		}
		return nodes[path]
	}
	for _, e := range elements {
		from := meet(e.Path)
		for _, reference := range e.References {
			meet(reference)
			if reference != e.Path {
				from.references[reference] = true
			}
		}
	}
	return nodes
}

// popularity sets every score, taking a path only when all paths that
// reference it are done; what is never taken stands on a cycle.
func popularity(nodes map[string]*node) error {
	waiting := map[string]int{}
	for _, n := range nodes {
		for reference := range n.references {
			waiting[reference]++
		}
	}
	var ready []*node
	for path, n := range nodes {
		if waiting[path] == 0 {
			ready = append(ready, n)
		}
	}
	done := 0
	for ; len(ready) > 0; done++ {
		n := ready[0]
		ready = ready[1:]
		for reference := range n.references {
			nodes[reference].score.Add(nodes[reference].score, n.score)
			if waiting[reference]--; waiting[reference] == 0 {
				ready = append(ready, nodes[reference])
			}
		}
	}
	if done != len(nodes) {
		return fmt.Errorf("the closure graph has a cycle")
	}
	return nil
}

func sortedPaths(elements []element) ([]string, error) {
	nodes := readClosure(elements)
	if err := popularity(nodes); err != nil {
		return nil, err
	}
	var sorted []*node
	for _, n := range nodes {
		sorted = append(sorted, n)
	}
	sort.Slice(sorted, func(i, j int) bool {
		if order := sorted[i].score.Cmp(sorted[j].score); order != 0 {
			return order > 0
		}
		return sorted[i].appearance > sorted[j].appearance
	})
	paths := make([]string, len(sorted))
	for i, n := range sorted {
		paths[i] = n.path
	}
	return paths, nil
}
