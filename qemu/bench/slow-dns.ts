import { createSocket } from "node:dgram";

/**
 * A name server that answers late: each question is held back for some seconds, then passed on to the real one.
 * Arguments: the address, the real one's port, the seconds.
 */
const [, , address = "", port = "", seconds = ""] = process.argv;

const outside = createSocket("udp4");
outside.on("message", (question, asker) => {
  setTimeout(() => {
    const inside = createSocket("udp4");
    inside.on("message", (answer) => {
      outside.send(answer, asker.port, asker.address);
      inside.close();
    });
    inside.send(question, Number(port), address);
  }, Number(seconds) * 1000);
});
outside.bind(53, address);
