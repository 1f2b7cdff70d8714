// Serves HTTP and logs each request with morgan, in the form that is given.
const morgan = require("morgan");

const log = morgan(process.argv[2]);
require("http")
  .createServer((request, response) =>
    log(request, response, () => {
      response.statusCode = { "/predict": 200, "/fail": 500 }[request.url] || 404;
      response.end("{}");
    }),
  )
  .listen(process.env.PORT, "127.0.0.1");
