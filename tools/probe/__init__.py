"""Train the probe for media and scenes on pictures from published packages; see tools/build_weights.py."""
