"""The quantization-aware trainer. Its modules are the files of examples/train, whose README.md explains them; they need
PyTorch: pip install 'torusnn[train]'."""
