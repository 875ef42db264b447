/** The log server of a bench: prints each datagram that comes to port 514 on a line of its own. */
await Bun.udpSocket({
  hostname: "0.0.0.0",
  port: 514,
  socket: { data: (_, datagram) => console.log(datagram.toString()) },
});
