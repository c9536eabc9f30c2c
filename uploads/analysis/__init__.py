"""What can be seen in a picture: labels, a sentence, and a vector to find it by."""
