"""Train the probe for media and scenes on pictures of published packages; see tools/build_weights.py."""
