"""One contestant of the durable benchmark a module, each run as a process of its own."""
