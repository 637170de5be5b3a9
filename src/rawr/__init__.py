"""rawr: typed boundary APIs and durable workflows under one set of rules."""
