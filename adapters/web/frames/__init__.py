"""What goes over the wire between browsers and the page, as msgspec structs: the one place that says its shape.

`bounds`        how large what comes in may be, and the decoding
`browser`       frames of the live socket, browser to page
`page`          frames of the live socket, page to browser
`http`          bodies of POST requests, and answers
`seed`          frames of the first de-mls page
`declarations`  all of it as TypeScript (`static/frames.d.ts`): a name changed fails the front end's check
"""
