import { readFileSync } from "node:fs";
import express from "express";

/**
 * The yardstick: Express as its own guide shows it. It parses and echoes a posted tick, and answers any GET with the bytes of
 * the file that its first argument names.
 */
const [file] = process.argv.slice(2);
const bytes = file === undefined ? Buffer.from("{}") : readFileSync(file);
const app = express();
app.post("/ticks", express.json(), (req, res) => {
  res.status(201).json(req.body);
});
app.get(/.*/, (_req, res) => {
  res.type("json").send(bytes);
});
app.listen(Number(process.env.PORT), "127.0.0.1");
