"""The formats that a library reads (delimited, Excel, XML, JSON lines), and what they share."""
