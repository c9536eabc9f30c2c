"""Read stored originals again and compare them with the checksums computed when they were received."""
