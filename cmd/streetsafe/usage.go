package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// plainUsage has a command and all below it tell a wrong command line in one
// line that says where to read on.
func plainUsage(root *cobra.Command) {
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return seeHelp(cmd, plainFlag(err)) })
	plainArgs(root)
}

func plainArgs(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if check(cmd, args) == nil {
				return nil
			}
			return seeHelp(cmd, fmt.Errorf("expected: %s", cmd.UseLine()))
		}
	}
	for _, child := range cmd.Commands() {
		plainArgs(child)
	}
}

func seeHelp(cmd *cobra.Command, err error) error {
	return fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())
}

// plainFlag says what is wrong with a flag without the words of the parser.
func plainFlag(err error) error {
	var invalid *pflag.InvalidValueError
	var unknown *pflag.NotExistError
	switch {
	case errors.As(err, &invalid):
		return badValue("--"+invalid.GetFlag().Name, invalid.GetValue(), invalid.GetFlag())
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "":
		return fmt.Errorf("there is no flag --%s", unknown.GetSpecifiedName())
	}
	return err
}

// badValue says what a flag takes in place of a value.
func badValue(name, value string, f *pflag.Flag) error {
	expected := f.Usage
	switch f.Value.Type() {
	case "int", "int64":
		expected = "a whole number"
	case "uint", "uint64":
		expected = "a whole number, 0 or more"
	case "float64":
		expected = "a number"
	case "bool":
		expected = "true or false"
	case "duration":
		expected = "a duration such as 90s, 15m or 24h"
	}
	return fmt.Errorf("%s %q: expected %s", name, value, expected)
}
