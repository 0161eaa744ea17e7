-- wrk posts the file named by BODY, over and over
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = io.open(os.getenv("BODY"), "rb"):read("*a")
