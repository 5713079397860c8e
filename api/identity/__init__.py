"""Who may come in: sign-in and tokens, clubs and their people, links for scorers; denied unless a route allows it."""
