/**
 * The tables of an xCAT 2 database (`tabdump` without arguments lists them). A variable that names one of
 * them is UNDEFINED where the table is empty; one that names any other is an error in the answer.
 */
export const xcatTables: ReadonlySet<string> = new Set(
  `auditlog bootparams boottarget cfgmgt chain deps discoverydata domain eventlog firmware hosts hwinv
  hypervisor ipmi iscsi kit kitcomponent kitrepo kvm_masterdata kvm_nodedata linuximage litefile litetree
  mac mic monitoring monsetting mp mpa networks nics nimimage nodegroup nodehm nodelist nodepos noderes
  nodetype notification openbmc osdistro osdistroupdate osimage passwd pdu pduoutlet performance policy
  postscripts ppc ppcdirect prescripts prodkey rack routes servicenode site statelite storage switch
  switches taskstate token virtsd vm vmmaster vpd websrv winimage zone zvm zvmivp`.split(/\s+/),
);
