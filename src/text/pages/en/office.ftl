# Words of the pages: trail, recruitment, list, people, health.
