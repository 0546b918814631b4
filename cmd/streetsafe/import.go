package main

import "github.com/spf13/cobra"

func newImport(std streams) *cobra.Command { return &cobra.Command{Use: "import"} }
