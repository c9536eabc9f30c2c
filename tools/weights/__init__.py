"""Convert published networks to the model files that come with the program; see tools/build_weights.py."""
