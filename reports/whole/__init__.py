"""The whole report of a project as one document: sections with sentences, tables and charts."""
