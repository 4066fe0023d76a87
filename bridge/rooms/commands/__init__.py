"""The commands that people write in rooms: grammar, one file per command, and the words of every answer."""
