# Words of the pages: keys, pharmacy, emergency.
