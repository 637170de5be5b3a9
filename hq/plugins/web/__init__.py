"""Web plugins."""
