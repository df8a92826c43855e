"""Where the logs of channels are kept."""
