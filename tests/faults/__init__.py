"""What goes wrong on a network and in servers, through the engine: every fault a row of `matrix`."""
