"""Reading a document: `read_document` reads a .docx (`read_word`), .pdf (`read_pdf`) or .txt file (`read_text`)."""
