"""The pages that the server serves itself: the coach's app, and the viewer's page that a share link opens."""
