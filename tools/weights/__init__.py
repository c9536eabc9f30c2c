"""Convert published networks to the model files that are shipped; see tools/build_weights.py."""
