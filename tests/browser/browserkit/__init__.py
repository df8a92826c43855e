"""What the tests in real browsers stand on: servers as processes, pages in Chromium and Firefox, the chat in a page."""
