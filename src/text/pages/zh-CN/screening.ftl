# Words of the pages: screening and participants.
