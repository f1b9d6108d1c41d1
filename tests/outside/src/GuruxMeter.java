// SPDX-License-Identifier: Apache-2.0

import gurux.dlms.GXDLMSConnectionEventArgs;
import gurux.dlms.GXDateTime;
import gurux.dlms.ValueEventArgs;
import gurux.dlms.enums.AccessMode;
import gurux.dlms.enums.Authentication;
import gurux.dlms.enums.Conformance;
import gurux.dlms.enums.DataType;
import gurux.dlms.enums.ErrorCode;
import gurux.dlms.enums.InterfaceType;
import gurux.dlms.enums.MethodAccessMode;
import gurux.dlms.enums.ObjectType;
import gurux.dlms.enums.SourceDiagnostic;
import gurux.dlms.enums.Unit;
import gurux.dlms.objects.GXDLMSAssociationLogicalName;
import gurux.dlms.objects.GXDLMSClock;
import gurux.dlms.objects.GXDLMSData;
import gurux.dlms.objects.GXDLMSObject;
import gurux.dlms.objects.GXDLMSProfileGeneric;
import gurux.dlms.objects.GXDLMSRegister;
import gurux.dlms.objects.GXDLMSSapAssignment;
import gurux.dlms.objects.GXDLMSScript;
import gurux.dlms.objects.GXDLMSScriptTable;
import gurux.dlms.objects.enums.SortMethod;
import gurux.dlms.secure.GXDLMSSecureServer2;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.AbstractMap.SimpleEntry;
import java.util.Arrays;
import java.util.Calendar;
import java.util.Date;
import java.util.EnumSet;
import java.util.GregorianCalendar;
import java.util.List;
import java.util.SimpleTimeZone;
import java.util.TimeZone;

/**
 * A meter whose protocol is Gurux.DLMS for Java: this file moves octets between it and sockets, and gives it objects.
 *
 * <p>GuruxMeter WRAPPER-PORT HDLC-PORT PASSWORD: a logical device on SAP 1, for the public client (16) and a management
 * client (1) with that password, once over the wrapper and once over HDLC. Each connection has a meter of its own, as a
 * server of Gurux holds one association. Says "ready" and serves until its input ends.
 */
public final class GuruxMeter extends GXDLMSSecureServer2 {
    private static final String NAME = "GRX0000000000001";
    private static final int PROFILE_ROWS = 100;
    private static final int MANAGEMENT = 1;

    /** Logical device 1 of physical device 17, as Gurux gives addresses of two and of four octets. */
    private static final List<Integer> HDLC_ADDRESSES = List.of(1 << 7 | 17, 1 << 14 | 17);

    private final byte[] password;
    private final GXDLMSClock clock = new GXDLMSClock("0.0.1.0.0.255");
    private final GXDLMSAssociationLogicalName association = new GXDLMSAssociationLogicalName();
    private long shiftMs;

    private GuruxMeter(InterfaceType kind, String password) {
        super(true, kind);
        this.password = password.getBytes(StandardCharsets.US_ASCII);
        setMaxReceivePDUSize(1024);
        setConformance(EnumSet.of(Conformance.GET, Conformance.SET, Conformance.ACTION, Conformance.SELECTIVE_ACCESS,
                Conformance.MULTIPLE_REFERENCES, Conformance.PRIORITY_MGMT_SUPPORTED,
                Conformance.BLOCK_TRANSFER_WITH_GET_OR_READ, Conformance.BLOCK_TRANSFER_WITH_SET_OR_WRITE,
                Conformance.BLOCK_TRANSFER_WITH_ACTION));
        fill();
        initialize();
    }

    private void fill() {
        GXDLMSData name = new GXDLMSData("0.0.42.0.0.255");
        name.setValue(NAME.getBytes(StandardCharsets.US_ASCII));
        name.setDataType(2, DataType.OCTET_STRING);
        GXDLMSData serial = new GXDLMSData("0.0.96.1.0.255");
        serial.setValue("00000001".getBytes(StandardCharsets.US_ASCII));
        serial.setDataType(2, DataType.OCTET_STRING);
        GXDLMSSapAssignment devices = new GXDLMSSapAssignment();
        devices.getSapAssignmentList().add(new SimpleEntry<>(1, NAME));
        GXDLMSRegister energy = register("1.0.1.8.0.255", 1_234_567, 1, Unit.ACTIVE_ENERGY);
        clock.setTimeZone(0);
        clock.setBegin(new GXDateTime(0xFFFF, 3, 0xFE, 2, 0, 0, 0));
        clock.setEnd(new GXDateTime(0xFFFF, 10, 0xFE, 3, 0, 0, 0));
        clock.setDeviation(60);
        GXDLMSScriptTable scripts = new GXDLMSScriptTable("0.0.10.0.100.255");
        GXDLMSScript script = new GXDLMSScript();
        script.setId(1);
        scripts.getScripts().add(script);
        getItems().addAll(Arrays.asList(association, name, serial, devices, energy,
                register("1.0.2.8.0.255", 89, 1, Unit.ACTIVE_ENERGY), clock, scripts, profile(energy)));
    }

    private static GXDLMSRegister register(String name, long value, double scaler, Unit unit) {
        GXDLMSRegister register = new GXDLMSRegister(name);
        register.setValue(value);
        register.setDataType(2, DataType.UINT32);
        register.setScaler(scaler);
        register.setUnit(unit);
        return register;
    }

    private GXDLMSProfileGeneric profile(GXDLMSRegister energy) {
        GXDLMSProfileGeneric profile = new GXDLMSProfileGeneric("1.0.99.1.0.255");
        profile.setCapturePeriod(0);
        profile.setSortMethod(SortMethod.FIFO);
        profile.addCaptureObject(clock, 2, 0);
        profile.addCaptureObject(energy, 2, 0);
        profile.setProfileEntries(PROFILE_ROWS);
        Calendar time = new GregorianCalendar(TimeZone.getTimeZone("UTC"));
        time.setTimeInMillis(1_767_225_600_000L); // the first second of 2026
        for (int i = 0; i < PROFILE_ROWS; i++) {
            profile.addRow(new Object[] {new GXDateTime((Calendar) time.clone()), 1000L + i});
            time.add(Calendar.MINUTE, 15);
        }
        profile.setEntriesInUse(PROFILE_ROWS);
        return profile;
    }

    @Override
    protected boolean isTarget(int server, int client) {
        boolean here = server == 1 || getInterfaceType() == InterfaceType.HDLC && HDLC_ADDRESSES.contains(server);
        return here && (client == 16 || client == MANAGEMENT);
    }

    @Override
    protected SourceDiagnostic onValidateAuthentication(Authentication mechanism, byte[] given) {
        if (getSettings().getClientAddress() != MANAGEMENT) {
            return SourceDiagnostic.NONE;
        }
        return mechanism == Authentication.LOW && Arrays.equals(given, password) ? SourceDiagnostic.NONE
                : SourceDiagnostic.AUTHENTICATION_FAILURE;
    }

    @Override
    protected AccessMode onGetAttributeAccess(ValueEventArgs what) {
        int index = what.getIndex();
        boolean manages = getSettings().getClientAddress() == MANAGEMENT;
        if (what.getTarget() instanceof GXDLMSAssociationLogicalName && index == 7) {
            return manages ? AccessMode.WRITE : AccessMode.NO_ACCESS;
        }
        boolean set = what.getTarget() == clock && (index == 2 || index == 3 || index == 8);
        return manages && set ? AccessMode.READ_WRITE : AccessMode.READ;
    }

    @Override
    protected MethodAccessMode onGetMethodAccess(ValueEventArgs what) {
        boolean manages = getSettings().getClientAddress() == MANAGEMENT;
        return manages && what.getTarget() instanceof GXDLMSScriptTable ? MethodAccessMode.ACCESS
                : MethodAccessMode.NO_ACCESS;
    }

    @Override
    protected GXDLMSObject onFindObject(ObjectType type, int shortName, String name) {
        return null; // all objects are in the list
    }

    @Override
    public void onPreRead(ValueEventArgs[] wanted) {
        for (ValueEventArgs what : wanted) {
            if (what.getTarget() == clock && what.getIndex() == 2) {
                Calendar now = new GregorianCalendar(new SimpleTimeZone(-clock.getTimeZone() * 60_000, "meter"));
                now.setTimeInMillis(System.currentTimeMillis() + shiftMs);
                clock.setTime(now);
            }
        }
    }

    @Override
    protected void onPostWrite(ValueEventArgs[] written) {
        for (ValueEventArgs what : written) {
            if (what.getTarget() == clock && what.getIndex() == 2) {
                Date given = clock.getTime().getMeterCalendar().getTime();
                shiftMs = given.getTime() - System.currentTimeMillis();
            }
        }
    }

    @Override
    protected void onPreAction(ValueEventArgs[] wanted) {
        for (ValueEventArgs what : wanted) {
            if (what.getTarget() instanceof GXDLMSScriptTable) {
                what.setHandled(true);
                if (!(what.getParameters() instanceof Number)) {
                    what.setError(ErrorCode.UNMATCHED_TYPE);
                }
            }
        }
    }

    @Override
    protected void onPostAction(ValueEventArgs[] done) {}

    @Override
    public void onPreGet(ValueEventArgs[] wanted) {}

    @Override
    public void onPostGet(ValueEventArgs[] got) {}

    @Override
    public void onPostRead(ValueEventArgs[] read) {}

    @Override
    protected void onPreWrite(ValueEventArgs[] wanted) {
        for (ValueEventArgs what : wanted) {
            if (what.getTarget() == clock && what.getIndex() == 3 && what.getValue() instanceof Number
                    && Math.abs(((Number) what.getValue()).intValue()) > 720) {
                what.setError(ErrorCode.OTHER_REASON);
            }
        }
    }

    @Override
    protected void onConnected(GXDLMSConnectionEventArgs connection) {
        association.setClientSAP(getSettings().getClientAddress());
        association.setServerSAP((short) 1);
    }

    @Override
    protected void onInvalidConnection(GXDLMSConnectionEventArgs connection) {}

    @Override
    protected void onDisconnected(GXDLMSConnectionEventArgs connection) {}

    /** One connection: what comes goes to Gurux, what Gurux gives goes back. */
    private static void serve(Socket line, InterfaceType kind, String password) {
        try (line) {
            GuruxMeter meter = new GuruxMeter(kind, password);
            byte[] octets = new byte[4096];
            line.setTcpNoDelay(true);
            for (int n = line.getInputStream().read(octets); n >= 0; n = line.getInputStream().read(octets)) {
                byte[] answer = meter.handleRequest(Arrays.copyOf(octets, n));
                if (answer != null && answer.length > 0) {
                    line.getOutputStream().write(answer);
                }
            }
        } catch (Exception end) {
            System.err.println("the connection ends: " + end);
        }
    }

    private static void listen(int port, InterfaceType kind, String password) throws IOException {
        ServerSocket socket = new ServerSocket(port, 16, InetAddress.getLoopbackAddress());
        Thread listener = new Thread(() -> {
            try {
                for (;;) {
                    Socket line = socket.accept();
                    Thread one = new Thread(() -> serve(line, kind, password));
                    one.setDaemon(true);
                    one.start();
                }
            } catch (IOException end) {
                System.err.println("no more connections: " + end);
            }
        });
        listener.setDaemon(true);
        listener.start();
    }

    public static void main(String[] arguments) throws IOException {
        listen(Integer.parseInt(arguments[0]), InterfaceType.WRAPPER, arguments[2]);
        listen(Integer.parseInt(arguments[1]), InterfaceType.HDLC, arguments[2]);
        System.out.println("ready");
        System.out.flush();
        while (System.in.read() >= 0) {
            // until whoever started this lets go
        }
    }
}
