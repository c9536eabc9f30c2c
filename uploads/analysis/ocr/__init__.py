"""Read the text in pictures with two networks of PaddleOCR, ONNX Runtime, numpy and Pillow."""
