"""What joins rooms and groups: events in, commands, deliveries out, and what adapters show beyond messages."""
