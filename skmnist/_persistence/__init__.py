"""Save and load classifiers, and export them to ONNX."""
