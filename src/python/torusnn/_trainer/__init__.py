"""The trainer's own files (examples/train) that the package needs too, by symbolic link: the model file has one writer."""
