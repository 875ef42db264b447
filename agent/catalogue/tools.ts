import type { Chapter } from "./entry.ts";

/** What never happens on a node. */
export const TOOLS = {
  "kernel-missing": {
    meaning: "The builder has no kernel to build for.",
    cause: "No such version is installed, or there are several.",
    remedy: "Say which with `--kernel`, and where its modules are with `--modules`.",
  },
  "kernel-package": {
    meaning: "Debian's kernel for the bench could not be fetched.",
    cause: "No package server could be reached.",
    remedy: "Check the sources of apt.",
  },
  "module-missing": {
    meaning: "A kernel module that the initrd needs is not there.",
    cause: "A package with more modules is not installed, or `depmod` was not run.",
    remedy: "Install it, or run `depmod`; the message names both.",
  },
  "busybox-applet": {
    meaning: "The busybox that was found lacks commands that a boot needs.",
    cause: "A cut-down build of it.",
    remedy: "Install `busybox-static`, or name another with `--busybox`.",
  },
  "ca-unusable": {
    meaning: "The file that was given as a CA cannot be one.",
    cause: "Another file, a damaged one, or one that holds a private key.",
    remedy: "Give `/etc/xcat/ca/ca-cert.pem` of the management node.",
  },
  "client-certificate": {
    meaning: "The builder cannot use the certificate that nodes are to show.",
    cause: "No PEM files, a key behind a password, or one of another certificate.",
    remedy: "Give both with `--client-cert` and `--client-key`.",
  },
  "shell-hash": {
    meaning: "The builder was given no usable hash of the password for the shell on the console.",
    cause: "The file holds a password itself, or a hash of another kind.",
    remedy: "Make it with `mkpasswd -m sha-512 > FILE`.",
  },
  "builder-files": {
    meaning: "The builder cannot read or write a file or a folder.",
    cause: "A path of another kind or that may not be used, or a disk that is full.",
    remedy: "Mend what the message names, and run it again.",
  },
  "program-missing": {
    meaning: "A program that is needed is not there.",
    cause: "It was not built or not installed.",
    remedy: "The message says how to get it.",
  },
  "program-failed": {
    meaning: "A program that the builder or the bench runs has failed.",
    cause: "What it said, which the message quotes.",
    remedy: "Mend that.",
  },
  "source-missing": {
    meaning: "A source file of this project is not there.",
    cause: "Half a checkout.",
    remedy: "Run it in a whole one.",
  },
  "not-a-program": {
    meaning: "What is to go into the initrd is no program for this kind of machine.",
    cause: "A script, or a build for another processor.",
    remedy: "Give the compiled one.",
  },
  "library-missing": {
    meaning: "A program for the initrd needs a library that is not there.",
    cause: "It was linked on another distribution.",
    remedy: "Install the library's package.",
  },
  "litefile-row": {
    meaning: "`liteimg` refuses a row, and changes nothing.",
    cause: "As for `litefile-path`, `litefile-options` and `litefile-nesting`.",
    remedy: "Correct the row.",
  },
  "liteimg-root": {
    meaning: "`liteimg` was given no image.",
    cause: "The path is not there, or is this machine's own root.",
    remedy: "Give `--root` the image's root directory.",
  },
  nodeset: {
    meaning: "`nodeset` could not write what nodes boot.",
    cause:
      "A TFTP directory that may not be written, is full, or has a link that leads out of it; tables likewise.",
    remedy: "Mend what the message names and run it again: what is done already is done again.",
  },
  "liteimg-path": {
    meaning: "`liteimg` cannot prepare the image for a row.",
    cause: "The image has something of another kind there.",
    remedy: "Correct the row or the image.",
  },
  "liteimg-record": {
    meaning: "What `liteimg` did to the image before cannot be read.",
    cause: "A damaged file.",
    remedy: "Remove it; entries that have left the table then stay as they are.",
  },
  liteimg: {
    meaning: "A step of `liteimg` failed.",
    cause: "What the system said, which the message quotes.",
    remedy: "Remove the cause and run it again; it goes on from there.",
  },
  "server-files": {
    meaning: "The server cannot use a file that it was given.",
    cause: "No PEM file, a key of another certificate, or no such file.",
    remedy: "Check `--cert`, `--key`, `--ca` and `--hosts`.",
  },
  listen: {
    meaning: "The server cannot listen on its address.",
    cause: "Another program has it.",
    remedy: "Choose another with `--listen` or `--monitor`, or end that program.",
  },
} as const satisfies Chapter;
