"""What builds the parts of a release that are not in the repository."""
