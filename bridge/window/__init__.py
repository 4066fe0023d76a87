"""What adapters see beyond messages: implements `bridge.model.window.Window` over store, book and groups."""
