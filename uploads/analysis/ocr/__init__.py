"""Read the text in pictures, with two PaddleOCR networks that run in ONNX Runtime."""
