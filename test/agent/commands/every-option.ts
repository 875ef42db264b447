import type { SiteSpec } from "./site.ts";

/** One entry of each option, and of each thing that can be wrong with one. */
export const everyOption = {
  tables: {
    litefile: [
      "#image,file,options,comments,disable",
      '"compute","/etc/a.conf","tmpfs",,',
      '"ALL","/etc/a.conf","ro","the image\'s name beats ALL",',
      '"g1,g2","/etc/a.conf","con","ALL beats the groups",',
      '"g1","/etc/motd","ro","one group of two is none",',
      '"g1,g2","/etc/group.conf","tmpfs",,',
      '"ALL","/etc/blank.conf",,"a link",',
      '"ALL","/etc/link.conf","link",,',
      '"ALL","/etc/live.conf","link,ro",,',
      '"ALL","/etc/fixed.conf","ro",,',
      '"ALL","/etc/motd","con",,',
      '"ALL","/etc/issue","link,con",,',
      '"ALL","/etc/machine-id","persistent",,',
      '"ALL","/etc/key","link,persistent",,',
      '"ALL","/srv/disk/","localdisk",,',
      '"ALL","/srv/big/","overlay",,',
      '"ALL","/opt/app/","link,overlay",,',
      '"ALL","/var/","tmpfs",,',
      '"ALL","/var/lib/db/","persistent","below a tmpfs directory",',
      '"","/etc/dropped","tmpfs","xcatd sends it to nobody",',
      '"ALL","/etc/off","tmpfs",,1',
      '"ALL","/etc/\x1b[2Jodd","tmpfs","harmless on a terminal",',
    ],
    litetree: [
      "#priority,image,directory,mntopts,comments,disable",
      '"2","ALL","mn:/common",,,',
      '"2",,"mn:/lost",,"the same priority, and a lesser image",',
      '"1","compute","mn:/nodes/$node",,,',
      '"10",,"/opt/shared",,"the image\'s own directory",',
      '"11",,"mn:/cmd/#CMD=date#",,"the server\'s to run",',
    ],
    nodelist: ["#node,groups,comments,disable", '"n01","all,compute",,'],
    nodetype: [
      "#node,os,arch,profile,provmethod,comments,disable",
      '"compute","linux","x86_64","c","compute",,',
    ],
    osimage: ["#imagename,groups,comments,disable", '"compute","g1,g2",,'],
    statelite: ["#node,image,statemnt,mntopts,comments,disable", '"compute",,"mn:/state",,,'],
    linuximage: ["#imagename,partitionfile,comments,disable", '"compute","/install/partition",,'],
  },
  image: {
    etc: null,
    "etc/a.conf": "image",
    "etc/blank.conf": "image",
    "etc/link.conf": "image",
    "etc/group.conf": "image",
    "etc/live.conf": "image",
    "etc/fixed.conf": "image",
    "etc/motd": "image\n",
    "etc/issue": "image\n",
    "etc/machine-id": "",
    "etc/key": "image",
    "srv/disk/README": "image",
    "srv/big/data": "image",
    "opt/app/run": "image",
    "var/run": { link: "/run" },
    "run/lock": "",
    "var/log/messages": "",
    "var/lib/db/row": "1",
    "opt/shared/etc/fixed.conf": "of the image's own source",
  },
  late: [
    '"ALL","/var/lib/link","link","a link below what is none",',
    '"ALL","/etc/nowhere","tmpfs","in none of the places",',
    '"ALL","/etc/dir/","con","not for directories",',
    '"ALL","etc/relative","tmpfs",,',
  ],
  trees: {
    own: { "etc/a.conf": "n01's", "etc/motd": "n01\n", "var/lib/db/row": "not for all of /var" },
    common: { "etc/a.conf": "common", "etc/live.conf": "common", "etc/motd": "all\n", "etc/issue": "all\n" },
    state: { "etc/machine-id": "0123" },
  },
} as const satisfies SiteSpec;

/** One entry, beside the one that is always there, and nothing wrong. */
export const sound = {
  ...everyOption,
  late: [],
  tables: {
    ...everyOption.tables,
    litefile: ["#image,file,options,comments,disable", '"ALL","/etc/a.conf","tmpfs",,'],
    litetree: [
      "#priority,image,directory,mntopts,comments,disable",
      '"1",,"mn:/nodes/$node",,,',
      '"2",,"mn:/common",,,',
    ],
  },
} as const satisfies SiteSpec;

/** What plan and explain are told of it. */
export const PLANNING = [
  ...["--root", "image", "--tables", "tables", "--node", "n01"],
  ...["--source", "mn:/nodes/n01=own", "--source", "mn:/common=common", "--state", "state"],
] as const;
