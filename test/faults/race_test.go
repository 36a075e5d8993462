//go:build race

package faults

var raced = []string{"-race"}
