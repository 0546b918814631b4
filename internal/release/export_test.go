package release

// WriteEdition publishes a dataset as an earlier edition of the program did, in
// a directory of its own and without a list.
func WriteEdition(dir string, d Dataset, edition int) error { return writeDataset(dir, d, edition) }

// Edition is the newest.
const Edition = edition
